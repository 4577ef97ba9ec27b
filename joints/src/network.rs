//! Networks in OpenVINO.

use std::path::Path;

use openvino::{CompiledModel, Core, DeviceType, ElementType, InferRequest, Model, RwPropertyKey, Shape, Tensor};

use crate::{FinderError, FinderFiles};

/// OpenVINO, ready to load networks.
pub struct Runtime {
    core: Core,
}

impl Runtime {
    /// Loads OpenVINO's library, which then stays loaded. Networks compute in f32 with `threads` threads.
    ///
    /// # Errors
    /// If files are missing or not the expected ones, or OpenVINO does not start.
    pub fn load(files: &FinderFiles, threads: usize) -> Result<Self, FinderError> {
        openvino_sys::library::load_from(files.library()?).map_err(FinderError::Runtime)?;
        let mut core = Core::new().map_err(|error| FinderError::Runtime(error.to_string()))?;
        let threads = threads.max(1).to_string();
        let properties = [
            (RwPropertyKey::HintInferencePrecision, "f32"),
            (RwPropertyKey::InferenceNumThreads, threads.as_str()),
            (RwPropertyKey::NumStreams, "1"),
            // Pinned threads would block those of capture.
            (RwPropertyKey::HintEnableCpuPinning, "NO"),
        ];
        core.set_properties(&DeviceType::CPU, properties)?;
        Ok(Self { core })
    }

    /// Opens a network whose file gives the shape of its input.
    pub(crate) fn open(&mut self, file: &Path) -> Result<Network, FinderError> {
        let not_utf8 = || FinderError::Engine(format!("{}: its path is not UTF-8", file.display()));
        let model = self.core.read_model_from_file(file.to_str().ok_or_else(not_utf8)?, "")?;
        let input = model.get_input_by_index(0)?.get_shape()?;
        self.compiled(&model, input.get_dimensions())
    }

    /// Opens a network from OpenVINO's IR: the XML of its layers, and their values. `shape` is that of the input at
    /// first.
    ///
    /// # Errors
    /// If OpenVINO refuses it.
    pub fn network(&mut self, xml: &str, values: &[u8], shape: &[i64]) -> Result<Network, FinderError> {
        let mut weights = Tensor::new(ElementType::U8, &Shape::new(&[values.len() as i64])?)?;
        weights.get_raw_data_mut()?.copy_from_slice(values);
        let model = self.core.read_model_from_buffer(xml.as_bytes(), Some(&weights))?;
        self.compiled(&model, shape)
    }

    fn compiled(&mut self, model: &Model, shape: &[i64]) -> Result<Network, FinderError> {
        let mut compiled = self.core.compile_model(model, DeviceType::CPU)?;
        let mut request = compiled.create_infer_request()?;
        let input = tensor(shape)?;
        request.set_input_tensor(&input)?;
        let (outputs, shape) = (compiled.get_output_size()?, shape.to_vec());
        Ok(Network { request, input, shape, outputs, _compiled: compiled })
    }
}

fn tensor(shape: &[i64]) -> Result<Tensor, FinderError> {
    Ok(Tensor::new(ElementType::F32, &Shape::new(shape)?)?)
}

/// A network with one input, and buffers for one run at a time.
pub struct Network {
    request: InferRequest,
    input: Tensor,
    shape: Vec<i64>,
    outputs: usize,
    _compiled: CompiledModel,
}

impl Network {
    /// Changes the shape of the input, for networks that take several.
    ///
    /// # Errors
    /// If OpenVINO cannot allocate it.
    pub fn reshape(&mut self, shape: &[i64]) -> Result<(), FinderError> {
        if self.shape != shape {
            self.input = tensor(shape)?;
            self.request.set_input_tensor(&self.input)?;
            self.shape = shape.to_vec();
        }
        Ok(())
    }

    /// The input, to be filled before [`Self::run`].
    ///
    /// # Errors
    /// If OpenVINO refuses access.
    pub fn input(&mut self) -> Result<&mut [f32], FinderError> {
        Ok(self.input.get_data_mut()?)
    }

    /// Computes the outputs from the input.
    ///
    /// # Errors
    /// If the network fails.
    pub fn run(&mut self) -> Result<(), FinderError> {
        Ok(self.request.infer()?)
    }

    /// The output of `length` values; the networks used here have only one of each length.
    ///
    /// # Errors
    /// If there is none.
    pub fn output(&self, length: usize) -> Result<Vec<f32>, FinderError> {
        for index in 0..self.outputs {
            let tensor = self.request.get_output_tensor_by_index(index)?;
            if tensor.get_size()? == length {
                return Ok(tensor.get_data::<f32>()?.to_vec());
            }
        }
        Err(FinderError::Engine(format!("the network has no output of {length} values")))
    }
}
